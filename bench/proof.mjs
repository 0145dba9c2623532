// Times the proof of an output's four default formats against one cold boot in the same run:
// `node bench/proof.mjs [WORK_FOLDER]`. The cold boot is the build's own: from the start of the machine until SSH answers.
// A WORK_FOLDER keeps base and images for the next time. Prints seconds, ratios, and the report's size.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Bench } from './program.mjs';

const bench = new Bench(process.argv[2]);
const output = join(bench.images, 'latest');
await bench.run(['build']);
const boot = (await bench.run(['build', '--no-cache', '--until', 'machine'])).phases.boot;
const compare = (await bench.run(['prove', output, '--prove', 'compare'])).phases.prove;
const proof = (await bench.run(['prove', output, '--prove', 'boot'])).phases.prove;
const alone = (await bench.run(['prove', join(output, 'bench.qcow2'), '--prove', 'boot'])).phases.prove;
const rows = [
  ['cold boot, until SSH answers', boot],
  ['compare four formats', compare],
  ['proof of four formats', proof],
  ['proof of one (booted twice)', alone],
];
for (const [name, seconds] of rows) {
  console.log(`${name.padEnd(30)} ${seconds.toFixed(1).padStart(7)} s  ${(seconds / boot).toFixed(2)}`);
}
console.log(`report.html: ${Math.ceil(statSync(join(output, 'report.html')).size / 1024)} KiB`);
bench.close();
