"""`chains doctor`: what is wrong with an installation."""
