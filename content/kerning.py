"""Store a face's kerning in fewer bytes: `python -m content.kerning static/fonts/atkinson-next.woff2`.

It needs fonttools, which nothing else here does. Distances are rounded to 5 thousandths of the size of the letters, and
what bold letters add to them to 8: less than a screen can show. No other pair is left out than those that this makes
nothing of. Doing it again moves no letter.
"""

import sys
from itertools import product

from fontTools.otlLib.builder import buildCoverage
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables import otTables
from fontTools.ttLib.tables.otBase import ValueRecord
from fontTools.varLib.builder import buildVarData, buildVarDevTable

STEP, BOLD_STEP = 5, 8
NAMES = {0, 1, 2}  # the copyright notice, the family, the style: no browser reads the others

Distance = tuple[int, int]  # at the lightest weight, and how much it grows to the boldest
Pairs = dict[tuple[str, str], Distance]


def read(font: TTFont) -> Pairs:
    """The distance of each two letters. All lookups add up; in each, the first that knows a pair decides."""
    found: Pairs = {}
    for lookup in font["GPOS"].table.LookupList.Lookup:
        known: Pairs = {}
        for table in lookup.SubTable:
            for pair, value in values(table, font.getGlyphOrder()):
                known.setdefault(pair, distance(font, value))
        for pair, (light, growth) in known.items():
            before = found.get(pair, (0, 0))
            found[pair] = (before[0] + light, before[1] + growth)
    return found


def values(table, glyphs):
    if table.Format == 1:
        for first, pairs in zip(table.Coverage.glyphs, table.PairSet, strict=True):
            yield from (((first, record.SecondGlyph), record.Value1) for record in pairs.PairValueRecord)
        return
    for first, second in product(table.Coverage.glyphs, glyphs):
        row = table.Class1Record[table.ClassDef1.classDefs.get(first, 0)]
        yield (first, second), row.Class2Record[table.ClassDef2.classDefs.get(second, 0)].Value1


def distance(font: TTFont, value: ValueRecord | None) -> Distance:
    device = getattr(value, "XAdvDevice", None)
    varies = device and device.StartSize != 0xFFFF
    growth = font["GDEF"].table.VarStore.VarData[device.StartSize].Item[device.EndSize][0] if varies else 0
    return getattr(value, "XAdvance", 0) or 0, growth


def rounded(pairs: Pairs) -> Pairs:
    near = {
        pair: (STEP * round(light / STEP), BOLD_STEP * round(growth / BOLD_STEP) if abs(growth) > BOLD_STEP else 0)
        for pair, (light, growth) in pairs.items()
    }
    return {pair: value for pair, value in near.items() if value != (0, 0)}


def classes(lines: dict[str, tuple]) -> list[tuple[tuple, list[str]]]:
    """Letters that keep the same distances, and like next to like, which is how they pack well."""
    alike: dict[tuple, list[str]] = {}
    for glyph, line in lines.items():
        alike.setdefault(line, []).append(glyph)
    left = sorted(alike.items(), key=lambda item: item[0].count((0, 0)))
    ordered = [left.pop(0)]
    while left:
        last = ordered[-1][0]
        ordered.append(min(left, key=lambda item: sum(a != b for a, b in zip(last, item[0], strict=True))))
        left.remove(ordered[-1])
    return ordered


def table(font: TTFont, pairs: Pairs) -> otTables.PairPos:
    glyphs = font.getGlyphOrder()
    firsts = sorted({first for first, _ in pairs}, key=glyphs.index)
    seconds = sorted({second for _, second in pairs}, key=glyphs.index)
    rows = classes({a: tuple(pairs.get((a, b), (0, 0)) for b in glyphs) for a in firsts})
    columns = classes({b: tuple(pairs.get((a, b), (0, 0)) for a in firsts) for b in seconds})
    growths = sorted({growth for _, growth in pairs.values() if growth})
    font["GDEF"].table.VarStore.VarData = [buildVarData([0], [[growth] for growth in growths], optimize=False)]

    def record(light: int, growth: int) -> otTables.Class2Record:
        made = otTables.Class2Record()
        made.Value1 = ValueRecord()
        made.Value1.XAdvance = light
        made.Value1.XAdvDevice = buildVarDevTable(growths.index(growth)) if growth else None
        return made

    made = otTables.PairPos()
    made.Format, made.ValueFormat1, made.ValueFormat2 = 2, 0x44, 0
    made.Coverage = buildCoverage(firsts, font.getReverseGlyphMap())
    made.ClassDef1, made.ClassDef2 = otTables.ClassDef(), otTables.ClassDef()
    made.ClassDef1.classDefs = {glyph: i for i, (_, alike) in enumerate(rows) for glyph in alike if i}
    made.ClassDef2.classDefs = {glyph: i for i, (_, alike) in enumerate(columns, 1) for glyph in alike}
    made.Class1Count, made.Class2Count = len(rows), len(columns) + 1
    made.Class1Record = []
    for line, _ in rows:
        made.Class1Record.append(otTables.Class1Record())
        cells = [(0, 0), *(line[glyphs.index(alike[0])] for _, alike in columns)]
        made.Class1Record[-1].Class2Record = [record(*cell) for cell in cells]
    return made


def pack(font: TTFont) -> None:
    kerning = font["GPOS"].table
    lookup = kerning.LookupList.Lookup[0]
    lookup.SubTable, lookup.LookupFlag = [table(font, rounded(read(font)))], 0
    kerning.LookupList.Lookup = [lookup]
    for record in kerning.FeatureList.FeatureRecord:
        record.Feature.LookupListIndex = [0]
    font["GDEF"].table.GlyphClassDef = None  # they are all letters
    for name in ("GPOS", "GSUB"):
        scripts = font[name].table.ScriptList
        scripts.ScriptRecord = [record for record in scripts.ScriptRecord if record.ScriptTag == "DFLT"]
    font["cmap"].tables = [part for part in font["cmap"].tables if part.platformID == 3]
    font["fvar"].instances = []
    if "STAT" in font:
        del font["STAT"]
    names = NAMES | {axis.axisNameID for axis in font["fvar"].axes}
    font["name"].names = [name for name in font["name"].names if name.nameID in names]


if __name__ == "__main__":
    for path in sys.argv[1:]:
        font = TTFont(path, recalcTimestamp=False)
        pack(font)
        font.save(path)
