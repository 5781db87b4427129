/* What the browser does by itself, without asking the server. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.dctwin = {
  /* The colour scheme in use, for figures drawn by the server; told again when it changes, by
     the button or by the system. */
  scheme: function () {
    const root = document.documentElement;
    const now = () => (root.dataset.mantineColorScheme === "dark" ? "dark" : "light");
    if (!this.watch) {
      this.watch = new MutationObserver(() =>
        window.dash_clientside.set_props("scheme", { data: now() })
      );
      this.watch.observe(root, { attributeFilter: ["data-mantine-color-scheme"] });
    }
    return now();
  },

  /* A chosen file goes to the server unless it is too large to be sent (8 MiB). */
  upload: function (contents, name, site) {
    const stay = window.dash_clientside.no_update;
    if (!contents) return [stay, stay];
    const bytes = Math.floor(((contents.length - contents.indexOf(",") - 1) * 3) / 4);
    const data = bytes > 8 * 1024 * 1024 + 2 ? null : contents;
    return [{ site: site, name: name, bytes: bytes, data: data }, null];
  },

  /* Slider and number of one set-point follow each other. */
  twins: function (slider, number) {
    const stay = window.dash_clientside.no_update;
    const from = (window.dash_clientside.callback_context.triggered[0] || {}).prop_id || "";
    if (slider === number) return [stay, stay];
    if (from.includes('"slider"')) return [stay, slider];
    return typeof number === "number" ? [number, stay] : [stay, stay];
  },
};
