"""Packs trained networks into one file for microcontrollers."""
