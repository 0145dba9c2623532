/**
 * The argument vector of a program that the kernel kills when this one ends, however that dies: for what would run on
 * for ever with nobody there to end it. setpriv(1) of util-linux arranges for that and then becomes the program.
 * Until it has done so, in its first milliseconds, the kernel does not know of it.
 */
export function endingWithParent(argv: readonly string[]): string[] {
  return ['setpriv', '--pdeathsig', 'KILL', '--', ...argv];
}

/** setpriv's exit code when the program is not there. */
export const NO_PROGRAM = 127;
