// Checks that imports only go down (docs/architecture.md): no import upwards, no cycle between files, processes
// spawned in src/system alone, no package where only Node is allowed, and nothing slow loaded at the start. Prints
// each violation with its place.
// Usage: node test/boundaries.mjs [FOLDER]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const LOW = ['qemu', 'system'];
const MIDDLE = [
  'ansible',
  'plan',
  'packer',
  'layers',
  'images',
  'prove',
  'aws',
  'base',
  'guest',
  'sbom',
  'userdata',
  'keys',
  'output',
  'attest',
];
const HIGH = ['preflight', 'settings', 'report', 'diff', 'ui', ...MIDDLE, ...LOW];
const KNOWN_TO_ALL = ['events.ts', 'errors.ts', 'version.ts'];

/** Each room (a folder of src/, or a file in it) and the rooms it may import, besides itself and what all know. */
const ROOMS = {
  'cli.ts': ['commands', 'settings', 'ui', 'system'],
  commands: ['build', ...HIGH],
  build: HIGH,
  preflight: ['settings', ...MIDDLE, ...LOW],
  ...Object.fromEntries(MIDDLE.map((room) => [room, [...MIDDLE, ...LOW]])),
  plan: ['settings', ...MIDDLE, ...LOW],
  ansible: [], // knows files and nothing else
  base: ['settings', ...MIDDLE, ...LOW], // for the families' names
  attest: ['settings', ...MIDDLE, ...LOW], // for what names a key
  settings: ['system'],
  qemu: ['system'],
  system: [],
  guest: [...LOW],
  sbom: ['guest', ...LOW],
  report: ['output', 'ui'], // for the manifest's form
  diff: ['guest', 'images', 'output', 'ui', ...LOW],
  ui: [],
  'events.ts': ['errors.ts'],
  'errors.ts': [],
  'version.ts': [],
};
const NODE_ALONE = ['ui', 'report', ...KNOWN_TO_ALL];
/** Loads slowly: a file that imports it is itself loaded when it is wanted, by `import()`. */
const AWS_SDK = /^@aws-sdk\//;
const SPAWNING = /^(node:)?(child_process|cluster|worker_threads)$/;

const IMPORT =
  /(?:^|[\s;}])(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/g;

const source = resolve(process.argv[2] ?? join(import.meta.dirname, '../src'));
const files = readdirSync(source, { recursive: true })
  .map((name) => join(source, name))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .sort();
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const violations = [...imports].flatMap(([file, found]) => found.flatMap((each) => judge(file, each)));
violations.push(...cycles(), ...slowAtStart());
for (const violation of violations) console.error(violation);
if (files.length === 0) console.error(`no TypeScript files in ${source}`);
process.exitCode = violations.length > 0 || files.length === 0 ? 1 : 0;

function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2];
    const line = text.slice(0, match.index + match[0].length).split('\n').length;
    const target = specifier.startsWith('.') ? resolve(dirname(file), specifier) : undefined;
    // `import()` and imports of types cost nothing at the start.
    const isAtStart = match[1] !== undefined && !/\b(import|export)\s+type\b/.test(match[0]);
    return { specifier, line, target, isAtStart };
  });
}

function roomOf(path) {
  return relative(source, path).split(sep)[0];
}

function judge(file, { specifier, line, target }) {
  const room = roomOf(file);
  const say = (text) => [`${relative(process.cwd(), file)}:${line}: ${text}`];
  if (ROOMS[room] === undefined) return say(`${room} is not in the table of rooms`);
  if (target === undefined) {
    if (SPAWNING.test(specifier) && room !== 'system')
      return say(`only system/ starts processes, not ${room}`);
    if (AWS_SDK.test(specifier) && room !== 'aws') return say(`only aws/ uses the AWS SDK, not ${room}`);
    if (!specifier.startsWith('node:') && NODE_ALONE.includes(room))
      return say(`${room} uses Node alone, not ${specifier}`);
    return [];
  }
  if (!existsSync(target)) return say(`${specifier} is not there`);
  const other = roomOf(target);
  // What all know may not know all in turn.
  const allowed = KNOWN_TO_ALL.includes(room) ? ROOMS[room] : [room, ...KNOWN_TO_ALL, ...ROOMS[room]];
  return allowed.includes(other) ? [] : say(`${room} must not import ${other} (${specifier})`);
}

/** Every import that leads back to a file on the way to it, found by walking depth first. */
function cycles() {
  const found = [];
  const done = new Set();
  const visit = (file, way) => {
    for (const { target, line } of imports.get(file) ?? []) {
      const start = way.indexOf(target);
      if (start !== -1) {
        const circle = [...way.slice(start), target].map((path) => relative(source, path)).join(' -> ');
        found.push(`${relative(process.cwd(), file)}:${line}: files import each other: ${circle}`);
      } else if (!done.has(target) && imports.has(target)) visit(target, [...way, target]);
    }
    done.add(file);
  };
  for (const file of files) if (!done.has(file)) visit(file, [file]);
  return found;
}

/** Every import of something slow that is reached from the entry without an `import()` between. */
function slowAtStart() {
  const reached = new Set();
  const visit = (file, way) => {
    if (reached.has(file)) return [];
    reached.add(file);
    return (imports.get(file) ?? [])
      .filter(({ isAtStart }) => isAtStart)
      .flatMap(({ specifier, line, target }) => {
        if (target !== undefined) return visit(target, [...way, target]);
        if (!AWS_SDK.test(specifier)) return [];
        const chain = way.map((path) => relative(source, path)).join(' -> ');
        return [`${relative(process.cwd(), file)}:${line}: loads ${specifier} at every start: ${chain}`];
      });
  };
  const entry = join(source, 'cli.ts');
  return visit(entry, [entry]);
}
