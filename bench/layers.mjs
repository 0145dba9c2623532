// Times builds with and without layers against stock Packer on the same plain template, base and payload, one after the
// other in one run: `node bench/layers.mjs [WORK_FOLDER]`. Prints a table of seconds and of ratios to stock Packer.
//   cold without layers, cold with layers; the last role changed; the last provisioner failed, then mended;
//   nothing changed; plan; stock Packer, and stock Packer on a template without what this one brings.
// The embedded base is made before, and not counted. The images are compared, and not booted.
import { Bench } from './program.mjs';

const bench = new Bench(process.argv[2]);
const LAST_ROLE = 'ansible/roles/generalise/tasks';
const LAST_TASKS = `${LAST_ROLE}/main.yml`;
const appendTask = (name, does) =>
  bench.edit(
    LAST_TASKS,
    (text) => `${text}\n- name: ${name}\n  ansible.builtin.raw: "${does}"\n  changed_when: false\n`,
  );
const rows = [];
/** Told at once: a run takes long, and what was measured before a failure was measured. */
const row = (name, seconds) => {
  rows.push([name, seconds]);
  console.error(`${name.trim()}: ${seconds.toFixed(1)} s`);
};

await bench.run(['base', 'make']);
const plain = await bench.run(['build', '--no-layers']);
row('cold, without layers', plain.seconds);
const cold = await bench.run(['build', '--force']);
row('cold, with layers', cold.seconds);
appendTask('A changed line', 'true');
const changed = await bench.run(['build']);
row('the last role changed', changed.seconds);
appendTask('A mistake', 'false');
await bench.run(['build'], { exitCode: 1 });
bench.restore(LAST_ROLE);
appendTask('The mistake mended', 'true');
const mended = await bench.run(['build']);
row('failed, then mended', mended.seconds);
row('  of which until its first task', mended.firstTask);
row('nothing changed', (await bench.run(['build'])).seconds);
row('plan', (await bench.run(['plan'])).seconds);
bench.restore('ansible');
const stock = bench.stockPacker();
row('stock Packer', stock);
untune();
row('  without what the template brings', bench.stockPacker());

for (const { layer, sizeBytes, checkpointMs } of cold.layers) {
  const held = (checkpointMs / 1000).toFixed(1);
  console.log(`layer ${layer}: ${(sizeBytes / 1e6).toFixed(0)} MB, held the build up for ${held} s`);
}
for (const [name, { phases }] of [
  ['cold, without layers', plain],
  ['the last role changed', changed],
]) {
  const parts = Object.entries(phases).map(([phase, seconds]) => `${phase} ${seconds.toFixed(1)} s`);
  console.log(`${name}, by phase: ${parts.join(', ')}`);
}
console.log(`peak memory of the program: ${Math.ceil(Math.max(plain.peakBytes, cold.peakBytes) / 1e6)} MB`);
for (const [name, seconds] of rows) {
  console.log(`${name.padEnd(36)} ${seconds.toFixed(1).padStart(7)} s  ${(seconds / stock).toFixed(2)}`);
}
console.log(`cold with layers / without: ${(cold.seconds / plain.seconds).toFixed(2)}`);
bench.close();

/** What a template had before: Packer's proxy for Ansible, no pipelining, the formats one after the other. */
function untune() {
  bench.edit('ansible/ansible.cfg', (text) => text.replaceAll('pipelining = True', 'pipelining = False'));
  bench.edit('packer-config.json', (text) => {
    const template = JSON.parse(text);
    for (const provisioner of template.provisioners) {
      delete provisioner.use_proxy;
      // The proxy's only host key is of a kind that OpenSSH no longer takes by itself, and it knows the old scp alone.
      provisioner.extra_arguments.push(
        '--ssh-common-args=-o HostKeyAlgorithms=+ssh-rsa',
        '--scp-extra-args=-O',
      );
    }
    const [processor] = template['post-processors'];
    processor.inline = [
      ...[
        ['vdi', 'vdi'],
        ['vpc -o force_size=on', 'vhd'],
        ['vmdk', 'vmdk'],
      ].map(
        ([driver, extension]) => `qemu-img convert -f qcow2 -O ${driver} "$SOURCE" "$SOURCE.${extension}"`,
      ),
      ...[
        ['vdi', 'vdi'],
        ['vpc', 'vhd'],
        ['vmdk', 'vmdk'],
      ].map(
        ([driver, extension]) => `qemu-img compare -f qcow2 -F ${driver} "$SOURCE" "$SOURCE.${extension}"`,
      ),
    ];
    return JSON.stringify(template);
  });
}
