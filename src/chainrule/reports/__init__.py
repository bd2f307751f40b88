"""The report of a training run: what was measured, drawn and derived, composed into one document.

Read `report`; each of the other files makes the sections that its name says.
"""
