"""What a visit costs, measured on the running site: `python -m bench` prints it and writes bench/RESULTS.md.

Each module measures one thing; `site.py` starts what they need and `report.py` holds what they found.
"""
