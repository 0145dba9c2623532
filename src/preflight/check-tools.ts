import type { Findings } from './findings.ts';
import { findTools, type Tool, toolProblem } from './tools.ts';

/** Versions of the tools that are there, by command. */
export async function checkTools(
  findings: Findings,
  tools: readonly Tool[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {};
  for (const finding of await findTools(tools, signal)) {
    const { command, tested } = finding.tool;
    const problem = toolProblem(finding);
    if (problem !== undefined) findings.problem('tools', problem);
    if (finding.state !== 'ok') continue;
    versions[command] = finding.version;
    const isTested = tested === undefined || finding.version.startsWith(tested);
    if (isTested) findings.ok('tools', `${command} ${finding.version}`.trimEnd());
    else
      findings.hint(
        'tools',
        `${command} ${finding.version}`,
        `the tests run with ${tested}; this one should do`,
      );
  }
  return versions;
}
