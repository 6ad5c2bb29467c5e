"""Fills an empty hall with the demo catalogue, its pictures, its people and a year of orders."""
