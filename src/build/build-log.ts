import { appendFileSync, closeSync, openSync } from 'node:fs';
import type { Listener } from '../events.ts';
import type { Scope } from '../system/scope.ts';
import { createLogFormatter } from '../ui/log-lines.ts';

/**
 * A listener that appends every event to the log. It writes at once: the log must hold the last line before a crash.
 * The file is closed with the scope.
 */
export function openBuildLog(scope: Scope, path: string): Listener {
  const file = openSync(path, 'a', 0o644);
  const format = createLogFormatter();
  scope.defer(() => {
    closeSync(file);
  });
  return (event) => {
    const lines = format(event);
    if (lines.length > 0) appendFileSync(file, `${lines.join('\n')}\n`);
  };
}
