interface Row {
  /** One character a column. */
  cells: string[];
  /** The text goes on in the next row because it was too long for this one. */
  wrapped: boolean;
}

const SEQUENCE = /^\u001b\[(\?)?([\d;]*)([A-Za-z])/;

/**
 * A terminal's screen as far as the program uses one: what was written to it, as a person would see it. It wraps
 * long lines, scrolls, keeps what scrolled away, and joins and wraps lines anew when its width changes, as VTE and
 * kitty do. Wide characters are not modelled. An escape code that it does not know is an error.
 */
export class Screen {
  readonly isTTY = true;
  rows: number;
  /** How often something was written. */
  writeCount = 0;
  isCursorVisible = true;
  #columns: number;
  #grid: Row[] = [{ cells: [], wrapped: false }];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 24) {
    this.#columns = columns;
    this.rows = rows;
  }

  get columns(): number {
    return this.#columns;
  }

  /** Every line since the start, also those that scrolled away; without spaces and empty lines at the end. */
  get text(): string {
    return this.#grid
      .map(({ cells }) => cells.join('').trimEnd())
      .join('\n')
      .trimEnd();
  }

  write(text: string): boolean {
    this.writeCount += 1;
    for (let rest = text; rest !== ''; ) rest = rest.slice(this.#take(rest));
    return true;
  }

  /** Changes the width as a user does who drags the window's border. */
  resize(columns: number): void {
    const lines = this.#joinRows();
    this.#columns = columns;
    this.#grid = [];
    for (const { cells, cursor } of lines) {
      const first = this.#grid.length;
      for (let start = 0; start === 0 || start < cells.length; start += columns) {
        this.#grid.push({
          cells: cells.slice(start, start + columns),
          wrapped: start + columns < cells.length,
        });
      }
      if (cursor === undefined) continue;
      this.#row = Math.min(first + Math.floor(cursor / columns), this.#grid.length - 1);
      this.#column = cursor - (this.#row - first) * columns;
    }
  }

  /** Handles the next character or escape code of the text, and returns its length. */
  #take(text: string): number {
    const [first = ''] = text;
    if (first === '\r') this.#column = 0;
    else if (first === '\n') this.#lineFeed();
    else if (first === '\u001b') return this.#takeSequence(text);
    else this.#print(first);
    return first.length;
  }

  #takeSequence(text: string): number {
    const [sequence, mark, parameter = '', letter = ''] = SEQUENCE.exec(text) ?? [];
    switch (`${mark ?? ''}${letter}`) {
      case 'm':
        break;
      case 'A':
        this.#row = Math.max(0, this.#grid.length - this.rows, this.#row - Number(parameter || 1));
        break;
      case 'K':
        this.#eraseToLineEnd();
        break;
      case 'J':
        this.#eraseToLineEnd();
        this.#grid.length = this.#row + 1;
        break;
      case '?l':
      case '?h':
        if (parameter !== '25') throw new Error(`the screen knows no mode ${parameter}`);
        this.isCursorVisible = letter === 'h';
        break;
      default:
        throw new Error(`the screen does not know ${JSON.stringify(text.slice(0, 10))}`);
    }
    return sequence?.length ?? 0;
  }

  #print(character: string): void {
    // A full row wraps only when more comes.
    if (this.#column >= this.#columns) {
      this.#current.wrapped = true;
      this.#lineFeed();
    }
    const { cells } = this.#current;
    while (cells.length < this.#column) cells.push(' ');
    cells[this.#column] = character;
    this.#column += 1;
  }

  #eraseToLineEnd(): void {
    this.#current.cells.length = Math.min(this.#column, this.#current.cells.length);
    this.#current.wrapped = false;
  }

  #lineFeed(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#grid.length) this.#grid.push({ cells: [], wrapped: false });
  }

  get #current(): Row {
    const row = this.#grid[this.#row];
    if (row === undefined) throw new Error('the cursor left the screen');
    return row;
  }

  /** The lines as they were before they were wrapped, and where in its line the cursor stands. */
  #joinRows(): { cells: string[]; cursor: number | undefined }[] {
    const lines: { cells: string[]; cursor: number | undefined }[] = [];
    let goesOn = false;
    for (const [index, { cells, wrapped }] of this.#grid.entries()) {
      const known = goesOn ? lines.at(-1) : undefined;
      const line = known ?? { cells: [], cursor: undefined };
      if (known === undefined) lines.push(line);
      if (index === this.#row) line.cursor = line.cells.length + this.#column;
      line.cells.push(...cells);
      goesOn = wrapped;
    }
    return lines;
  }
}
