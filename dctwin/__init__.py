"""Digital twin of a data center: cooling and power, every watt, litre and gram accounted for."""
