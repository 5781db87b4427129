"""Pumps and fans: hydraulic power, system curve, motor and drive losses, pipe friction.

Equations and sources
    power          P = Q·Δp/(η_hydraulic · η_motor · η_drive)
    system curve   Δp/Δp_design = s + (1 − s) r², r = Q/Q_design: turbulent losses go with the
                   square of flow, the static share s (height, control valve set point) does not
    motor          loss/full-load loss = k + (1 − k) x²: friction, windage and iron losses stay,
                   winding losses go with the square of the load x. k = 0.45 fits the curves of
                   Washington State Energy Office, "Energy-Efficient Electric Motor Selection
                   Handbook" (1993), for 15–100 hp within 0.022 of efficiency for x ≥ 0.25; below,
                   motors under 25 hp do worse (by 0.12 at x = 0.05)
    drive          loss/rating = a + b x, x the drive's output over its rating: within 0.005 of
                   the 50 hp row of U.S. DOE, Motor Systems Tip Sheet 11, "Adjustable Speed Drive
                   Part-Load Efficiency" (2012); 20–400 hp within 0.02 for x ≥ 0.1
    friction       Churchill (1977), Chem. Eng. 84(24): one equation for laminar, transitional and
                   turbulent flow, Darcy factor; within 0.8 % of Colebrook for Re 1e5–1e6 and 3 %
                   for 4e3–1e8

Valid range: flow ratio and load 0…1.2 (above 1 the laws run on; the caller flags), constant
hydraulic efficiency (true along a pure friction curve by the affinity laws; with a static share
a pump loses a few points at low flow).
"""

from __future__ import annotations

from .arrays import Array, namespace

# Share of a motor's full-load loss that does not depend on load; see the module text.
MOTOR_CONSTANT_LOSS_FRAC = 0.45
# Drive loss per rating: constant, and per unit of load; see the module text.
DRIVE_CONSTANT_LOSS_FRAC = 0.0186
DRIVE_PROPORTIONAL_LOSS_FRAC = 0.0133


def hydraulic_power_kw(flow_m3_s: Array, rise_pa: Array) -> Array:
    """Power given to the fluid, Q·Δp."""
    return flow_m3_s * rise_pa / 1000.0


def head_pa(flow_ratio: Array, design_head_pa: Array, static_frac: Array = 0.0) -> Array:
    """Pressure that the system asks for at a share of design flow."""
    return design_head_pa * (static_frac + (1 - static_frac) * flow_ratio * flow_ratio)


def motor_efficiency_frac(load_frac: Array, rated_efficiency_frac: Array) -> Array:
    """Efficiency of an induction motor at a share of its rated shaft power; 0 at no load.

    At line frequency. On a drive the iron losses fall with speed, so that the true figure at low
    load is a little better.
    """
    full_load_loss = 1 / rated_efficiency_frac - 1
    winding = (1 - MOTOR_CONSTANT_LOSS_FRAC) * load_frac * load_frac
    return load_frac / (load_frac + full_load_loss * (MOTOR_CONSTANT_LOSS_FRAC + winding))


def vfd_efficiency_frac(speed_frac: Array) -> Array:
    """Efficiency of a variable-speed drive that feeds a fan or pump; 0 at standstill.

    The load of the drive is the cube of speed (friction-dominated system).
    """
    load = speed_frac * speed_frac * speed_frac
    return load / (load + DRIVE_CONSTANT_LOSS_FRAC + DRIVE_PROPORTIONAL_LOSS_FRAC * load)


def mover_power_kw(
    flow_ratio: Array,
    design_flow_m3_s: Array,
    design_head_pa: Array,
    static_frac: Array,
    hydraulic_efficiency_frac: Array,
    motor_efficiency_frac: Array,
    density_frac: Array = 1.0,
) -> Array:
    """Electric power of a speed-controlled pump or fan on its system curve; 0 at no flow.

    `motor_efficiency_frac` is that of motor and drive together. Efficiencies must not be zero.
    `density_frac` is the density over that of the rating: friction goes with it, a pressure that is
    held does not. At equal mass flow thin air then costs 1/density_frac² of the friction power.
    """
    friction = (1 - static_frac) * density_frac * flow_ratio * flow_ratio
    rise_pa = design_head_pa * (static_frac + friction)
    fluid_kw = hydraulic_power_kw(flow_ratio * design_flow_m3_s, rise_pa)
    return fluid_kw / (hydraulic_efficiency_frac * motor_efficiency_frac)


def driven_mover_power_kw(
    flow_ratio: Array,
    design_flow_m3_s: Array,
    design_head_pa: Array,
    static_frac: Array,
    hydraulic_efficiency_frac: Array,
    rated_motor_efficiency_frac: Array,
    head_frac: Array | None = None,
) -> Array:
    """As `mover_power_kw`, with the part-load losses of motor and drive; standby 0 when stopped.

    Motor and drive are rated for the design point. Losses are added, not efficiencies
    multiplied, so that no division by a vanishing load occurs: near no flow the constant losses
    remain. `head_frac`, head over design head, replaces the system curve's where other machines
    share the flow.
    """
    design_shaft_kw = (
        hydraulic_power_kw(design_flow_m3_s, design_head_pa) / hydraulic_efficiency_frac
    )
    load = flow_ratio * (head_pa(flow_ratio, 1.0, static_frac) if head_frac is None else head_frac)
    full_load_loss = 1 / rated_motor_efficiency_frac - 1
    winding = (1 - MOTOR_CONSTANT_LOSS_FRAC) * load * load
    motor_in = load + full_load_loss * (MOTOR_CONSTANT_LOSS_FRAC + winding)
    # The drive is rated for the motor's input at full load.
    drive_in = motor_in * (1 + DRIVE_PROPORTIONAL_LOSS_FRAC) + (
        DRIVE_CONSTANT_LOSS_FRAC / rated_motor_efficiency_frac
    )
    driven_kw = design_shaft_kw * drive_in
    return namespace(flow_ratio, driven_kw).where(flow_ratio > 0, driven_kw, 0.0)


def darcy_friction_factor_frac(reynolds: Array, relative_roughness_frac: Array = 0.0) -> Array:
    """Darcy friction factor by Churchill (1977) for any Reynolds number above zero.

    f = 8 [(8/Re)^12 + (A + B)^−1.5]^(1/12), A = [2.457 ln 1/((7/Re)^0.9 + 0.27 ε/D)]^16,
    B = (37530/Re)^16.
    """
    xp = namespace(reynolds, relative_roughness_frac)
    a = -2.457 * xp.log((7 / reynolds) ** 0.9 + 0.27 * relative_roughness_frac)
    a16 = _fourth(_fourth(a))
    b16 = _fourth(_fourth(37530 / reynolds))
    laminar = 8 / reynolds
    laminar4 = _fourth(laminar)
    both = a16 + b16
    total = laminar4 * laminar4 * laminar4 + 1 / (both * xp.sqrt(both))
    # The twelfth root by cheap roots: square, square, cube.
    return 8 * xp.cbrt(xp.sqrt(xp.sqrt(total)))


def _fourth(value: Array) -> Array:
    square = value * value
    return square * square
