import type { ProofCheck } from '../events.ts';
import type { DiskLeftovers } from './disk-leftovers.ts';
import type { GuestFacts } from './guest-facts.ts';

/** What a booted machine must be like. */
export interface Expectation {
  /** `type base64` of the only key that may open it. */
  readonly publicKey: string;
  /** Its disk's size, which is larger than the image's. */
  readonly diskBytes: number;
  readonly hostname: string | undefined;
  /** Kernel modules that it must have. */
  readonly drivers: readonly string[];
  /** What its disk held before it was started. */
  readonly onDisk: DiskLeftovers;
  /** What was put in, if that is known. */
  readonly payload: ProvenPayload;
}

/** `container-host` and `dcos` can be looked at; of a playbook of the user's own only the user knows. */
export type ProvenPayload = 'container-host' | 'dcos' | 'other';

type Verdict = Omit<ProofCheck, 'check'>;
type Judge = (facts: GuestFacts, expected: Expectation) => Verdict | undefined;

/** The checks of a boot, in the order in which they are told. One that does not apply gives no verdict. */
const CHECKS: readonly (readonly [check: string, judge: Judge])[] = [
  ['network on eth0', judgeNetwork],
  ['no failed unit', judgeUnits],
  ['root file system grew', judgeRoot],
  ['new identity', judgeIdentity],
  ['nothing left by the build', judgeLeftovers],
  ['only your key', judgeKeys],
  ['drivers of the target', judgeDrivers],
  ['containers run', judgeContainer],
  ['dc/os roles and units', judgeDcos],
];

/** Judges what a machine told of itself. */
export function judgeFacts(facts: GuestFacts, expected: Expectation): readonly ProofCheck[] {
  return CHECKS.flatMap(([check, judge]) => {
    const verdict = judge(facts, expected);
    return verdict === undefined ? [] : [{ check, ...verdict }];
  });
}

const OK: Verdict = { outcome: 'ok' };

function ok(detail: string): Verdict {
  return { outcome: 'ok', detail };
}

function failed(detail: string): Verdict {
  return { outcome: 'failed', detail };
}

function all(facts: GuestFacts, name: string): readonly string[] {
  return facts.get(name) ?? [];
}

function one(facts: GuestFacts, name: string): string | undefined {
  return facts.get(name)?.[0];
}

function judgeNetwork(facts: GuestFacts): Verdict {
  const [address] = all(facts, 'address');
  const interfaces = all(facts, 'interface').filter((line) => !line.startsWith('lo '));
  const [, driver = ''] = interfaces.find((line) => line.startsWith('eth0 '))?.split(' ') ?? [];
  if (address === undefined) {
    const names = interfaces.map((line) => line.trim()).join(', ') || 'none';
    return failed(`eth0 has no address; interfaces: ${names}`);
  }
  const route = all(facts, 'route').find((line) => / dev eth0\b/.test(line));
  if (route === undefined) return failed(`eth0 has ${address}, but no default route`);
  return ok(`${address}${driver === '' ? '' : `, driver ${driver}`}`);
}

function judgeUnits(facts: GuestFacts): Verdict {
  const units = all(facts, 'failed-unit');
  const state = one(facts, 'state') ?? 'unknown';
  if (units.length > 0) return failed(units.join(', '));
  return state === 'running' ? OK : failed(`the system is ${state}, not running`);
}

const SECTOR_BYTES = 512;
/** What may lie behind the last partition: a GPT's copy, and partitions end at whole MiB. */
const UNUSED_END_BYTES = 64 * 1024 ** 2;
/** The part of its partition that a file system keeps for its own tables, and a margin. */
const TABLES_SHARE = 0.1;

function judgeRoot(facts: GuestFacts, { diskBytes }: Expectation): Verdict | undefined {
  const rootBytes = Number(one(facts, 'root-bytes'));
  const end = one(facts, 'root-end-sector');
  const partitionBytes = Number(one(facts, 'root-sectors')) * SECTOR_BYTES;
  // A root that is no partition (LVM, a whole disk) says nothing of where it ends.
  if (end === undefined) return judgeWholeRoot(rootBytes, diskBytes);
  const unusedBytes = diskBytes - Number(end) * SECTOR_BYTES;
  if (unusedBytes > UNUSED_END_BYTES)
    return failed(`${mib(unusedBytes)} MiB behind its partition are not used`);
  if (rootBytes < partitionBytes * (1 - TABLES_SHARE)) {
    return failed(`it has ${mib(rootBytes)} MiB in a partition of ${mib(partitionBytes)} MiB`);
  }
  return ok(`${mib(rootBytes)} MiB`);
}

function judgeWholeRoot(rootBytes: number, diskBytes: number): Verdict {
  const isGrown = rootBytes >= diskBytes * (1 - TABLES_SHARE);
  const detail = `${mib(rootBytes)} MiB of a disk of ${mib(diskBytes)} MiB`;
  return isGrown ? ok(detail) : failed(detail);
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}

function judgeIdentity(facts: GuestFacts, { hostname }: Expectation): Verdict {
  const id = one(facts, 'machine-id') ?? '';
  if (!/^[0-9a-f]{32}$/.test(id)) return failed(`the machine-id is ${JSON.stringify(id)}`);
  const hostKeys = all(facts, 'host-key').length;
  if (hostKeys === 0) return failed('there are no ssh host keys');
  const left = all(facts, 'left-host-key');
  if (left.length > 0) return failed(`the image has host keys of its own: ${left.join(', ')}`);
  const name = one(facts, 'hostname');
  if (hostname !== undefined && name !== hostname) {
    return failed(`the host name is ${name ?? 'unknown'}, and should be ${hostname}`);
  }
  return ok(`machine-id ${id.slice(0, 8)}…, host keys: ${hostKeys}`);
}

const LEFTOVERS = [
  'left-log',
  'left-lease',
  'left-cloud-init',
  'left-history',
  'left-trace',
  'left-credential',
] as const;
const TOLD_LEFTOVERS = 5;

function judgeLeftovers(facts: GuestFacts, { onDisk }: Expectation): Verdict {
  // A find that cannot compare times finds nothing at all, not even the root folder.
  if (one(facts, 'looked') !== '/') return failed('the machine cannot tell what is older than its start');
  const found = LEFTOVERS.flatMap((name) => all(facts, name));
  const paths = [...new Set(['paths' in onDisk ? onDisk.paths : [], found].flat())];
  if (paths.length === 0) {
    return 'paths' in onDisk ? OK : ok(`by the times of its files alone; ${onDisk.unread}`);
  }
  const more = paths.length > TOLD_LEFTOVERS ? ` and ${paths.length - TOLD_LEFTOVERS} more` : '';
  return failed(`${paths.slice(0, TOLD_LEFTOVERS).join(', ')}${more}`);
}

function judgeKeys(facts: GuestFacts, { publicKey }: Expectation): Verdict {
  const lines = all(facts, 'authorized-key');
  const others = lines.filter((line) => !line.includes(publicKey));
  if (others.length === 0) return OK;
  return failed(`others may log in too: ${others.map((line) => line.split(' ').at(-1)).join(', ')}`);
}

function judgeDrivers(facts: GuestFacts, { drivers }: Expectation): Verdict | undefined {
  if (drivers.length === 0) return undefined;
  const found = all(facts, 'driver');
  const missing = drivers.filter((driver) => !found.includes(driver));
  return missing.length === 0 ? ok(drivers.join(', ')) : failed(`missing: ${missing.join(', ')}`);
}

function judgeContainer(facts: GuestFacts, { payload }: Expectation): Verdict | undefined {
  const said = one(facts, 'container');
  if (payload !== 'container-host') return undefined;
  if (said === undefined) return failed('the machine did not try');
  return said === 'works' ? OK : failed(said === '' ? 'docker said nothing' : said);
}

const DCOS_ROLES = ['master', 'slave'] as const;
const DCOS_UNITS = ['dcos-mesos-master.service', 'dcos-mesos-slave.service'] as const;

function judgeDcos(facts: GuestFacts, { payload }: Expectation): Verdict | undefined {
  if (payload !== 'dcos') return undefined;
  const roles = all(facts, 'dcos-role');
  const missing = DCOS_ROLES.filter((role) => !roles.includes(role));
  if (missing.length > 0) return failed(`no role file of ${missing.join(' and ')}`);
  const wanted = all(facts, 'dcos-wanted');
  const lacking = DCOS_UNITS.filter((unit) => !wanted.includes(unit));
  if (lacking.length > 0) return failed(`dcos.target does not start ${lacking.join(' and ')}`);
  const isSetUp = all(facts, 'dcos-unit').some((line) => line === 'dcos-setup.service enabled');
  return isSetUp ? ok(roles.join(', ')) : failed('dcos-setup.service is not enabled');
}
