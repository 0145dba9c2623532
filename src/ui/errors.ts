import { asError, BuilderError, BuilderErrors, Interrupted } from '../errors.ts';
import { paintLine, type StyledLine, wantsColour } from './styled-line.ts';
import { cleanText } from './text-width.ts';

/** Deeper causes than these only repeat what the upper ones say. */
const MAX_CAUSES = 3;

/**
 * The text for standard error of whatever ended a command, without a line end: message, last lines, log file, hint.
 * Anything but a `BuilderError` is shown as the bug it is, with its stack. The caller takes secrets out.
 */
export function renderError(
  error: Error,
  stream: { readonly isTTY?: boolean | undefined; readonly env: NodeJS.ProcessEnv },
): string {
  const colour = wantsColour(stream.isTTY, stream.env);
  return errorLines(error)
    .map((line) => paintLine(line, colour))
    .join('\n');
}

function errorLines(error: Error): readonly StyledLine[] {
  const { primary, cleanUp } = takeApart(error);
  return [
    ...primaryLines(primary),
    ...cleanUp.map((failure): StyledLine => [`clean-up failed: ${oneLine(failure)}`]),
  ];
}

function primaryLines(error: Error): readonly StyledLine[] {
  if (error instanceof Interrupted) return [[cleanText(error.message)]];
  if (error instanceof BuilderErrors && error.problems.length > 1) return listLines(error.problems);
  const [only] = error instanceof BuilderErrors ? error.problems : [];
  if (only !== undefined) return problemLines(only, 'error: ');
  if (error instanceof BuilderError) return problemLines(error, 'error: ');
  return bugLines(error);
}

function listLines(problems: readonly BuilderError[]): readonly StyledLine[] {
  return [
    [{ text: 'error:', style: 'red' }, ` ${problems.length} problems`],
    ...problems.flatMap((problem, index) => problemLines(problem, `${index + 1}. `).map(indented)),
  ];
}

function problemLines(error: BuilderError, mark: string): readonly StyledLine[] {
  const indent = ' '.repeat(mark.length);
  const labelled = (label: string, text: string): StyledLine => [
    indent,
    { text: `${label}: `, style: 'bold' },
    cleanText(text),
  ];
  return [
    [
      { text: mark, style: 'red' },
      { text: cleanText(error.message), style: 'bold' },
    ],
    ...causesOf(error).map((cause) => labelled('because', cause)),
    ...error.tail.map((line): StyledLine => [indent, { text: `| ${cleanText(line)}`, style: 'dim' }]),
    ...(error.logFile === undefined ? [] : [labelled('log', error.logFile)]),
    ...(error.hint === undefined ? [] : [labelled('hint', error.hint)]),
  ];
}

function bugLines(error: Error): readonly StyledLine[] {
  const stack = (error.stack ?? String(error)).split('\n');
  const inner = error instanceof AggregateError ? error.errors.map(oneLine) : [];
  return [
    [
      { text: 'error: ', style: 'red' },
      { text: `this is a bug in netsil-builder: ${oneLine(error)}`, style: 'bold' },
    ],
    ...[...inner, ...causesOf(error)].map((text): StyledLine => [`       because: ${text}`]),
    // The first line of a stack repeats the message.
    ...stack
      .filter((line) => /^\s+at /.test(line))
      .map((line): StyledLine => [{ text: cleanText(line), style: 'dim' }]),
    [
      { text: '       hint: ', style: 'bold' },
      'please report it, with these lines and the build.log if there is one',
    ],
  ];
}

/** What lies behind an error, as far as its own message does not say it already. */
function causesOf(error: Error): readonly string[] {
  const causes: string[] = [];
  let said = error.message;
  let cause = error.cause;
  // Counted, not followed to the end: causes can go in a circle.
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth += 1) {
    if (!said.includes(cause.message)) causes.push(cleanText(cause.message));
    said += cause.message;
    cause = cause.cause;
  }
  return causes;
}

/**
 * When the work fails and then its clean-up too, `await using` throws a `SuppressedError`: what went wrong first is
 * the failure to tell of, the clean-up comes second.
 */
function takeApart(error: Error): { readonly primary: Error; readonly cleanUp: readonly unknown[] } {
  // By name: Node 20 has no such class, the one at hand is made by the compiler.
  if (error.name !== 'SuppressedError' || !('suppressed' in error) || !('error' in error)) {
    return { primary: error, cleanUp: [] };
  }
  const { primary, cleanUp } = takeApart(asError(error.suppressed));
  const failures: readonly unknown[] =
    error.error instanceof AggregateError ? error.error.errors : [error.error];
  return { primary, cleanUp: [...cleanUp, ...failures] };
}

function indented(line: StyledLine): StyledLine {
  return ['  ', ...line];
}

function oneLine(thrown: unknown): string {
  const error = asError(thrown);
  const text = cleanText(error.message);
  return error instanceof BuilderError || error.name === 'Error' ? text : `${error.name}: ${text}`;
}
