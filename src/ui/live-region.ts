import type { OutputStream } from './output-stream.ts';
import { fitLine, lineWidth, paintLine, type StyledLine } from './styled-line.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const ERASE_TO_LINE_END = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/**
 * The last lines of a terminal, redrawn in place, while other lines scroll up above them. Every update is one write,
 * so that no half-drawn picture is seen.
 */
export class LiveRegion {
  readonly #stream: OutputStream;
  readonly #colour: boolean;
  readonly #ellipsis: string;
  /** Columns of each line on the screen now; the cursor stands at the end of the last one. */
  #drawnWidths: readonly number[] = [];
  #drawnText = '';
  #isCursorHidden = false;

  constructor(stream: OutputStream, options: { readonly colour: boolean; readonly ellipsis: string }) {
    this.#stream = stream;
    this.#colour = options.colour;
    this.#ellipsis = options.ellipsis;
  }

  /** Columns that a live line may take: one less than there are, because a full line makes some terminals wrap. */
  get columns(): number {
    return Math.max(1, this.#terminalColumns - 1);
  }

  /** Shows `above` for good, and `live` below it in place of the last live lines. */
  update(above: readonly StyledLine[], live: readonly StyledLine[]): void {
    // A region as high as the terminal could not be reached by the cursor again.
    const shown = live
      .slice(0, Math.max(1, known(this.#stream.rows, DEFAULT_ROWS) - 1))
      .map((line) => fitLine(line, this.columns, this.#ellipsis));
    const text = shown.map((line) => paintLine(line, this.#colour) + ERASE_TO_LINE_END).join('\n');
    if (above.length === 0 && text === this.#drawnText) return;
    const permanent = above.map((line) => `${paintLine(line, this.#colour)}\n`).join('');
    this.#stream.write(
      this.#cursorFor(shown.length) +
        this.#toTop() +
        // Permanent lines may wrap, over rows that hold old text: only they need a clean ground first.
        (permanent === '' ? '' : ERASE_BELOW + permanent) +
        text +
        ERASE_BELOW,
    );
    this.#drawnWidths = shown.map(lineWidth);
    this.#drawnText = text;
  }

  /** Takes the live lines away and shows the cursor again. More updates may follow. */
  clear(): void {
    this.update([], []);
    if (this.#isCursorHidden) this.#stream.write(SHOW_CURSOR);
    this.#isCursorHidden = false;
  }

  get #terminalColumns(): number {
    return known(this.#stream.columns, DEFAULT_COLUMNS);
  }

  #cursorFor(lineCount: number): string {
    if (lineCount === 0 || this.#isCursorHidden) return '';
    this.#isCursorHidden = true;
    return HIDE_CURSOR;
  }

  /** Moves to the region's first column and row. A terminal made narrower since then has wrapped its lines. */
  #toTop(): string {
    const columns = this.#terminalColumns;
    const rows = this.#drawnWidths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return rows > 1 ? `\r\u001b[${rows - 1}A` : '\r';
  }
}

/** A terminal that was told no size yet, as in a container that has just started, says 0. */
function known(size: number | undefined, otherwise: number): number {
  return size === undefined || size === 0 ? otherwise : size;
}
