"""A terminal's screen as SVG: from what `tmux capture-pane -e` prints, text with the escape sequences of its colours."""

import html
import re

CELL, LINE, MARGIN, BAR = 8.4, 19, 16, 28
COLORS = ["#3b4252", "#ff6b68", "#8ccf7e", "#e5c76b", "#67b0e8", "#c47fd5", "#6cbfbf", "#d8dee9"]
BRIGHT = ["#66708a", "#ff8f8c", "#a6e3a1", "#f4d67a", "#8ccff0", "#dca0e8", "#8fd8d8", "#ffffff"]
PLAIN, GROUND = "#d8dee9", "#1d2430"
SEQUENCE = re.compile(r"\x1b\[([\d;]*)m")


class Style:
    def __init__(self):
        self.color, self.bold, self.dim = PLAIN, False, False

    def apply(self, codes):
        for code in [int(code or 0) for code in codes.split(";")]:
            if code == 0:
                self.__init__()
            elif code == 1:
                self.bold = True
            elif code == 2:
                self.dim = True
            elif code == 22:
                self.bold = self.dim = False
            elif 30 <= code <= 37:
                self.color = COLORS[code - 30]
            elif code == 39:
                self.color = PLAIN
            elif 90 <= code <= 97:
                self.color = BRIGHT[code - 90]
            else:
                raise ValueError(f"the picture has no form for the sequence ESC [ {codes} m")

    def attributes(self):
        return (f'fill="{self.color}"' + (' font-weight="bold"' if self.bold else "") + (' opacity="0.6"' if self.dim else ""))


def runs(line, style):
    """(column, text, attributes) of each piece of a line that has one style. The style goes on with the next line."""
    column = 0
    for number, piece in enumerate(SEQUENCE.split(line)):
        if number % 2:
            style.apply(piece)
            continue
        if piece.strip():
            yield column, piece, style.attributes()
        column += len(piece)


def picture(screen, columns, label):
    """`screen`: lines no wider than `columns`, of characters that take one column each."""
    lines = screen.rstrip().split("\n")
    width, height = round(columns * CELL + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN + BAR
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
             f'aria-label="{html.escape(label)}" font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" '
             f'font-size="14" xml:space="preserve">',
             f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>']
    parts += [f'<circle cx="{MARGIN + 4 + 18 * i}" cy="18" r="5.5" fill="{color}"/>'
              for i, color in enumerate(("#ff6b68", "#e5c76b", "#8ccf7e"))]
    style = Style()
    for row, line in enumerate(lines):
        for column, text, attributes in runs(line, style):
            # The length keeps columns straight in whatever font the reader has.
            parts.append(f'<text x="{MARGIN + column * CELL:.1f}" y="{BAR + MARGIN + row * LINE + 12}" {attributes} '
                         f'textLength="{len(text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs">{html.escape(text)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def text_of(svg):
    """The lines that a picture shows."""
    rows = {}
    for row, text in re.findall(r'<text x="[\d.]+" y="(\d+)"[^>]*>([^<]*)</text>', svg):
        rows.setdefault(int(row), []).append(html.unescape(text))
    return ["".join(rows[row]) for row in sorted(rows)]
