"""Write docs/devices.md from the components' own declarations: `python docs/make_devices.py`."""

from __future__ import annotations

import inspect
from pathlib import Path

from dctwin.components.registry import device_class, kinds

HEAD = """# Devices

Made by `python docs/make_devices.py` from the declarations in `dctwin/components/`;
tests/test_docs.py fails when it is out of date. Each device is one unit; `count` and `redundancy`
in a design say how many share the load. Sourced equipment files lie in `models/equipment/`.
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for kind in kinds():
        device = device_class(kind)
        text = inspect.getdoc(device) or ""
        parts.append(f"\n## {kind}\n\n```text\n{text}\n```\n\n")
        parts.append(
            "| parameter | unit | allowed | default | what it is |\n|---|---|---|---|---|\n"
        )
        for row in device.parameters():
            span = "" if row["low"] is None else f"{row['low']:g} to {row['high']:g}"
            default = "required" if row["required"] else f"`{row['default']}`"
            parts.append(
                f"| `{row['name']}` | {row['unit']} | {span} | {default} | {row['text']} |\n"
            )
    return "".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("devices.md").write_text(page(), encoding="utf-8")
