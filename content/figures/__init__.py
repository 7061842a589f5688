"""The drawn figures: one jointed person, posed for every drawing on the site. Run `python -m content.figures.draw`."""
