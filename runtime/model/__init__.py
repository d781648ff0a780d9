"""Plain frozen data that the layers hand to one another. No behaviour beyond reading itself."""
