/** The marks that a terminal shows. Colour only repeats what they say. */
export interface Glyphs {
  readonly done: string;
  readonly failed: string;
  readonly reused: string;
  readonly info: string;
  readonly warning: string;
  readonly spinner: readonly string[];
  readonly barFull: string;
  readonly barEmpty: string;
  readonly ellipsis: string;
}

const UNICODE: Glyphs = {
  done: '✓',
  failed: '✗',
  reused: '=',
  info: '·',
  warning: '!',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  barFull: '█',
  barEmpty: '░',
  ellipsis: '…',
};

const ASCII: Glyphs = {
  done: '+',
  failed: 'x',
  reused: '=',
  info: '-',
  warning: '!',
  spinner: ['|', '/', '-', '\\'],
  barFull: '#',
  barEmpty: '.',
  ellipsis: '...',
};

/** Unicode marks where the locale promises UTF-8 (by POSIX, LC_ALL wins over LC_CTYPE over LANG), else ASCII. */
export function glyphsFor(env: NodeJS.ProcessEnv): Glyphs {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return locale !== undefined && /utf-?8/i.test(locale) ? UNICODE : ASCII;
}
