"""Faults of the boards' files, of their pins and their PLLs."""

from __future__ import annotations

from .fault import Fault

_RX_IS_HEARD_AND_TX_IS_DRIVEN = "tests/hw/test_boards.py::test_rx_is_heard_and_tx_is_driven"
_PINS_AND_CLOCK = "tests/hw/test_boards.py::test_pins_and_clock"
_EVERY_PARAMETER_OF_A_BOARDS_PLL = "tests/hw/test_pll.py::test_every_parameter_of_a_boards_pll"
_CLOCK_AND_LOCK_COME_FROM_THE_PLL = "tests/hw/test_pll.py::test_clock_and_lock_come_from_the_pll"
_EVERY_RANGE_OF_THE_FILTER = "tests/hw/test_pll.py::test_every_range_of_the_filter"

FAULTS: list[Fault] = [
    Fault("constraints/orangecrab.toml", 'rx = "N17"\ntx = "M18"', 'rx = "M18"\ntx = "N17"', _RX_IS_HEARD_AND_TX_IS_DRIVEN),
    Fault("constraints/orangecrab.toml", 'rx = "N17"', 'rx = "M17"', _PINS_AND_CLOCK),
    Fault("constraints/orangecrab.toml", 'IO_TYPE = "LVCMOS33"', 'IO_TYPE = "LVCMOS18"', _PINS_AND_CLOCK),
    Fault("constraints/ulx3s-12f.toml", "wanted = 120_000_000", "wanted = 125_000_000", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("constraints/tang-primer-20k.toml", "wanted = 81_000_000", "wanted = 80_000_000", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault(
        "hw/boards/platforms.py",
        'Subsignal("rx", Pins(rx, dir="i")), Subsignal("tx", Pins(tx, dir="o"))',
        'Subsignal("rx", Pins(tx, dir="i")), Subsignal("tx", Pins(rx, dir="o"))',
        _PINS_AND_CLOCK,
    ),
    Fault(
        "hw/boards/platforms.py", 'Subsignal("rx", Pins(rx, dir="i"))', 'Subsignal("rx", Pins(rx, dir="io"))', _RX_IS_HEARD_AND_TX_IS_DRIVEN
    ),
    Fault("hw/boards/platforms.py", ", Attrs(**dict(link.attributes)))", ")", _PINS_AND_CLOCK),
    Fault("hw/boards/pll.py", "p_CLKOP_CPHASE=s.output // 2", "p_CLKOP_CPHASE=s.output - 1", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "p_CLKOP_FPHASE=0", "p_CLKOP_FPHASE=1", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "p_CLKI_DIV=s.divisor", "p_CLKI_DIV=1", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", 'p_FEEDBK_PATH="CLKOP"', 'p_FEEDBK_PATH="INT_OP"', _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", 'p_OUTDIVIDER_MUXA="DIVA"', 'p_OUTDIVIDER_MUXA="REFCLK"', _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", 'a_ICP_CURRENT="12"', 'a_ICP_CURRENT="6"', _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault(
        "hw/boards/pll.py",
        "a_FREQUENCY_PIN_CLKOP=megahertz(s.made)",
        "a_FREQUENCY_PIN_CLKOP=megahertz(s.oscillator)",
        _EVERY_PARAMETER_OF_A_BOARDS_PLL,
    ),
    Fault("hw/boards/pll.py", "i_PHASEDIR=1", "i_PHASEDIR=0", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "i_STDBY=0", "i_STDBY=1", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "i_CLKFB=pll.clock", "i_CLKFB=pll.source", _CLOCK_AND_LOCK_COME_FROM_THE_PLL),
    Fault("hw/boards/pll.py", "p_DIVR=s.divisor - 1", "p_DIVR=s.divisor", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "p_DIVQ=s.output.bit_length() - 1", "p_DIVQ=s.output.bit_length()", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "(44, 3)", "(43, 3)", _EVERY_RANGE_OF_THE_FILTER),
    Fault("hw/boards/pll.py", "(133, 6)", "(133, 5)", _EVERY_RANGE_OF_THE_FILTER),
    Fault("hw/boards/pll.py", "i_RESETB=1", "i_RESETB=0", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "i_BYPASS=0", "i_BYPASS=1", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "p_ODIV_SEL=s.output", "p_ODIV_SEL=2 * s.output", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "p_IDIV_SEL=s.divisor - 1", "p_IDIV_SEL=s.divisor", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", 'p_DUTYDA_SEL="1000"', 'p_DUTYDA_SEL="0000"', _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", 'p_CLKFB_SEL="internal"', 'p_CLKFB_SEL="external"', _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "p_FCLKIN=megahertz(s.input)", "p_FCLKIN=megahertz(s.made)", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault("hw/boards/pll.py", "p_CLKIN1_PERIOD=1e9 / s.input", "p_CLKIN1_PERIOD=1e9 / s.made", _EVERY_PARAMETER_OF_A_BOARDS_PLL),
    Fault(
        "hw/boards/pll.py", "p_CLKOUT0_DIVIDE_F=float(s.output)", "p_CLKOUT0_DIVIDE_F=float(s.output + 1)", _EVERY_PARAMETER_OF_A_BOARDS_PLL
    ),
    Fault("hw/boards/pll.py", "i_I=made, o_O=pll.clock", "i_I=feedback, o_O=pll.clock", _CLOCK_AND_LOCK_COME_FROM_THE_PLL),
]
