import { type PayloadBase, type PayloadPlan, planPayload } from '../plan/payload.ts';
import type { Settings } from '../settings/settings.ts';
import { findInstaller, requireFile } from './checks.ts';
import type { Findings } from './findings.ts';

/** What is put into a machine of this base, with the files that it needs. */
export async function checkPayload(
  findings: Findings,
  settings: Settings,
  base: PayloadBase,
  ansibleFolder: string,
): Promise<PayloadPlan | undefined> {
  return findings.check(
    'payload',
    async () => {
      const installer = await findInstaller(settings);
      const { pythonArchive, payload: choice } = settings;
      if (pythonArchive !== undefined) await requireFile('PYTHON_ARCHIVE', pythonArchive.location);
      if (choice.kind === 'playbook') await requireFile('PAYLOAD', choice.path);
      return planPayload({ choice, installer, pythonArchive, base, ansibleFolder });
    },
    ({ name, why }) => `${name}: ${why}`,
  );
}
