"""The two clocks: whole years as arrays, and seconds through an incident."""
