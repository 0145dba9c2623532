import { describe, expect, it } from 'vitest';
import { type Expectation, judgeFacts } from './checks.ts';
import { parseFacts } from './guest-facts.ts';

const MIB = 1024 ** 2;
const KEY = 'ssh-ed25519 AAAAuser';
const EXPECTED: Expectation = {
  publicKey: KEY,
  diskBytes: 3072 * MIB,
  hostname: 'proof-1',
  drivers: [],
  onDisk: { paths: [] },
  payload: 'other',
};

/** What a machine tells that is as it should be, line by line. */
const GOOD = [
  'state\trunning',
  'interface\tlo ',
  'interface\teth0 tulip',
  'address\tinet 10.0.2.15/24',
  'route\tdefault via 10.0.2.2 dev eth0 proto dhcp',
  `root-bytes\t${2900 * MIB}`,
  `root-end-sector\t${(3071 * MIB) / 512}`,
  `root-sectors\t${(3000 * MIB) / 512}`,
  'looked\t/',
  'machine-id\t0123456789abcdef0123456789abcdef',
  'host-key\tssh-ed25519 AAAAhost',
  'hostname\tproof-1',
  `authorized-key\t${KEY} me@here`,
];

function verdicts(lines: readonly string[], expected: Partial<Expectation> = {}): Record<string, string> {
  const checks = judgeFacts(parseFacts(lines.join('\n')), { ...EXPECTED, ...expected });
  return Object.fromEntries(
    checks.map(({ check, outcome, detail }) => [check, [outcome, detail].join(' ').trim()]),
  );
}

function failures(lines: readonly string[], expected: Partial<Expectation> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(verdicts(lines, expected)).filter(([, verdict]) => !verdict.startsWith('ok')),
  );
}

/** The good machine with the facts of one name replaced. */
function withFact(name: string, ...values: readonly string[]): readonly string[] {
  const others = GOOD.filter((line) => !line.startsWith(`${name}\t`));
  return [...others, ...values.map((value) => `${name}\t${value}`)];
}

it('finds nothing wrong with a machine that is as it should be, and says what it saw', () => {
  expect(verdicts(GOOD)).toEqual({
    'network on eth0': 'ok inet 10.0.2.15/24, driver tulip',
    'no failed unit': 'ok',
    'root file system grew': 'ok 2900 MiB',
    'new identity': 'ok machine-id 01234567…, host keys: 1',
    'nothing left by the build': 'ok',
    'only your key': 'ok',
  });
});

it('passes over what is no fact, such as a greeting at login', () => {
  expect(failures(['Welcome to Debian', '', ...GOOD, 'Not a fact\there'])).toEqual({});
});

describe('what is wrong is named', () => {
  it.each([
    [
      'an interface of another name',
      withFact('address'),
      { 'network on eth0': /no address; interfaces: eth0 tulip/ },
    ],
    [
      'no driver for the card',
      withFact('address').filter((line) => !line.includes('eth0')),
      { 'network on eth0': /interfaces: none/ },
    ],
    ['no route', withFact('route'), { 'network on eth0': /no default route/ }],
    [
      'failed units',
      withFact('failed-unit', 'a.service', 'b.mount'),
      { 'no failed unit': /a\.service, b\.mount/ },
    ],
    [
      'a start that does not end',
      withFact('state', 'starting'),
      { 'no failed unit': /starting, not running/ },
    ],
    [
      'a partition that stayed small',
      withFact('root-end-sector', `${(2048 * MIB) / 512}`),
      { 'root file system grew': /1024 MiB behind its partition/ },
    ],
    [
      'a file system that stayed small in its partition',
      withFact('root-bytes', `${1900 * MIB}`),
      { 'root file system grew': /1900 MiB in a partition of 3000 MiB/ },
    ],
    ['no machine-id', withFact('machine-id', ''), { 'new identity': /the machine-id is ""/ }],
    ['no host keys', withFact('host-key'), { 'new identity': /no ssh host keys/ }],
    [
      'host keys of the image',
      withFact('left-host-key', '/etc/ssh/ssh_host_rsa_key'),
      { 'new identity': /host keys of its own: \/etc\/ssh\/ssh_host_rsa_key/ },
    ],
    [
      'a host name that was not taken over',
      withFact('hostname', 'build'),
      { 'new identity': /build, and should be proof-1/ },
    ],
    ['a find that cannot compare times', withFact('looked'), { 'nothing left by the build': /cannot tell/ }],
    [
      'leftovers, the first of many',
      withFact('left-log', ...Array.from({ length: 7 }, (_, index) => `/var/log/${index}`)),
      { 'nothing left by the build': /\/var\/log\/0, .*\/var\/log\/4 and 2 more/ },
    ],
    [
      'a credential',
      withFact('left-credential', '/root/.docker/config.json'),
      { 'nothing left by the build': /config\.json/ },
    ],
    [
      "somebody else's key",
      withFact('authorized-key', `${KEY} me`, 'ssh-rsa BBBB packer@build'),
      { 'only your key': /others may log in too: packer@build/ },
    ],
  ])('%s', (_what, lines, expected) => {
    const found = failures(lines);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [check, pattern] of Object.entries(expected)) expect(found[check]).toMatch(pattern);
  });
});

it('tells what the disk held besides what the machine finds, each once', () => {
  const onDisk = { paths: ['/var/log/auth.log', '/var/log/old'] };
  expect(failures(withFact('left-log', '/var/log/old'), { onDisk })).toEqual({
    'nothing left by the build': 'failed /var/log/auth.log, /var/log/old',
  });
});

it('says so when the disk could not be looked at', () => {
  const onDisk = { unread: 'the disk: no ext file system is on it, but xfs (partition 4)' };
  expect(verdicts(GOOD, { onDisk })['nothing left by the build']).toBe(
    'ok by the times of its files alone; the disk: no ext file system is on it, but xfs (partition 4)',
  );
});

it('wants the drivers of a target whose devices QEMU does not have', () => {
  const drivers = ['hv_storvsc', 'hv_netvsc'];
  expect(failures([...GOOD, 'driver\thv_storvsc'], { drivers })).toEqual({
    'drivers of the target': 'failed missing: hv_netvsc',
  });
  expect(failures([...GOOD, 'driver\thv_storvsc', 'driver\thv_netvsc'], { drivers })).toEqual({});
});

it('judges a container that ran, and the words of an engine that could not', () => {
  const payload = 'container-host';
  expect(verdicts([...GOOD, 'container\tworks'], { payload })['containers run']).toBe('ok');
  expect(failures(GOOD, { payload })).toEqual({ 'containers run': 'failed the machine did not try' });
  expect(failures([...GOOD, 'container\tno cgroup'], { payload })).toEqual({
    'containers run': 'failed no cgroup',
  });
});

it('judges a DC/OS node by its roles and its units', () => {
  const payload = 'dcos';
  const node = [
    ...['dcos-role\tmaster', 'dcos-role\tslave', 'dcos-unit\tdcos-setup.service enabled'],
    ...['dcos-wanted\tdcos-mesos-master.service', 'dcos-wanted\tdcos-mesos-slave.service'],
  ];
  const check = 'dc/os roles and units';
  expect(failures([...GOOD, ...node], { payload })).toEqual({});
  expect(failures([...GOOD, ...node.slice(1)], { payload })[check]).toMatch(/no role file of master/);
  expect(failures([...GOOD, ...node.slice(0, 4)], { payload })[check]).toMatch(
    /does not start dcos-mesos-slave/,
  );
  expect(failures([...GOOD, ...node.filter((line) => !line.includes('setup'))], { payload })[check]).toMatch(
    /dcos-setup\.service is not enabled/,
  );
});
