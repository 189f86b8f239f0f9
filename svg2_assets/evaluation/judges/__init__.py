"""Whether two labels mean the same: judges that place pairs of labels into the five classes of the SVG2 paper.

`likeness` has the words and the protocol. Tiers, each with a name and a version: `exact`, `normalised`, `lexical` (the
default), `embedding`; `cached` is for judges that cost something. `agreement` measures a judge against people.
"""
