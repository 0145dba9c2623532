import type { TemplateSection } from '../packer/template.ts';

/** Arguments of QEMU that layers need for themselves, or that cannot be saved. */
const OWN_ARGUMENTS = new Set(['-drive', '-incoming', '-snapshot', '-loadvm', '-blockdev']);
const UNSAVEABLE_ARGUMENTS = new Set(['-virtfs', '-fsdev', '-hda', '-hdb']);

/** Why a builder's machine cannot have layers, in words for the plan; undefined when it can. Pure. */
export function layersObstacle(builders: readonly TemplateSection[]): string | undefined {
  const [builder, another] = builders;
  if (builder === undefined) return 'no qemu builder runs';
  if (another !== undefined) return 'the template has more than one qemu builder';
  if (builder['disk_image'] !== true)
    return 'the builder installs from an ISO, and does not start from a disk image';
  const communicator = builder['communicator'] ?? 'ssh';
  if (communicator !== 'ssh') return `the builder's communicator is ${JSON.stringify(communicator)}, not ssh`;
  if (isGiven(builder['disk_additional_size'])) return 'the machine has more than one disk';
  const names = Array.isArray(builder['qemuargs'])
    ? (builder['qemuargs'] as unknown[][]).map(([name]) => String(name))
    : [];
  const own = names.find((name) => OWN_ARGUMENTS.has(name));
  if (own !== undefined) return `the template gives QEMU its own ${own}`;
  const unsaveable = names.find((name) => UNSAVEABLE_ARGUMENTS.has(name));
  return unsaveable === undefined ? undefined : `a machine with ${unsaveable} cannot be saved`;
}

function isGiven(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}
