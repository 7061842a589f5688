"""The film of the first workshop, made from the drawn figures. Run `python -m content.workshop_video.build`."""
