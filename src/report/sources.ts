import { basename } from 'node:path';
import type { Manifest } from '../output/manifest.ts';
import { formatBytes } from '../ui/bytes.ts';
import { copyable } from './copy-button.ts';
import { type Content, type Html, html, NOTHING } from './html.ts';

const MEBIBYTE = 1024 ** 2;

/** What was built from what, by which tools. */
export function sourcesSection(manifest: Manifest): Html {
  const { base, payload, tools, builder } = manifest;
  const why = reasons(manifest);
  const rows: readonly Fact[] = [
    { name: 'Base', value: baseName(manifest), why: `${base.family}, ${formatBytes(base.virtualBytes)}` },
    { name: 'Base checksum', value: copyable(base.checksum, 'the checksum of the base') },
    { name: 'Payload', value: withoutFolders(payload), why: why('payload') },
    ...settingsFacts(manifest, why),
    ...(manifest.inputs === undefined
      ? []
      : [{ name: 'Key of all inputs', value: copyable(manifest.inputs, 'the key of all inputs') }]),
    { name: 'Builder', value: builder },
  ];
  return html`<section aria-labelledby="sources">
<h2 id="sources">Built from</h2>
${table('What the images were built from', rows)}
<details><summary>Tools and their versions</summary>
${table(
  'Tools',
  Object.entries(tools).map(([name, version]) => ({ name, value: version || 'version not told' })),
)}
</details>
</section>`;
}

interface Fact {
  readonly name: string;
  readonly value: Content;
  /** In small, below the value. */
  readonly why?: string | undefined;
}

/** The plan's reasons, by its labels. */
function reasons({ plan = [] }: Manifest): (label: string) => string | undefined {
  return (label) => {
    const why = plan.find((row) => row.label === label)?.why;
    return why === undefined ? undefined : withoutFolders(why);
  };
}

/** Files by their names alone: where they were on the builder's machine is nobody's business who reads the report. */
function withoutFolders(text: string): string {
  return text.replaceAll(/(?<![\w.:/])\/(?:[^\s/]+\/)*(?=[^\s/])/g, '');
}

/** `embedded` tells nobody anything; the plan has the words for it. */
function baseName({ base, plan = [] }: Manifest): string {
  if (base.source !== 'embedded') return base.source.startsWith('/') ? basename(base.source) : base.source;
  return plan.find(({ label }) => label === 'base image')?.value ?? 'made here from packages';
}

function settingsFacts({ settings }: Manifest, why: (label: string) => string | undefined): readonly Fact[] {
  const { accelerator, cpus, memoryMiB, diskMiB, ...others } = settings;
  const size = (mebibytes: string | number): string => formatBytes(Number(mebibytes) * MEBIBYTE);
  const machine = [
    ...(cpus === undefined ? [] : [`${cpus} processors`]),
    ...(memoryMiB === undefined ? [] : [`${size(memoryMiB)} memory`]),
    ...(diskMiB === undefined ? [] : [`${size(diskMiB)} disk`]),
  ];
  return [
    ...(machine.length === 0 ? [] : [{ name: 'Machine', value: machine.join(', ') }]),
    ...(accelerator === undefined
      ? []
      : [{ name: 'Accelerator', value: accelerator, why: why('accelerator') }]),
    ...Object.entries(others).map(([name, value]) => ({ name, value })),
  ];
}

function table(caption: string, facts: readonly Fact[]): Html {
  const rows = facts.map(({ name, value, why }) => {
    const because = why === undefined ? NOTHING : html` <span class="note">${why}</span>`;
    return html`<tr role="row"><th scope="row" role="rowheader">${name}</th><td role="cell">${value}${because}</td></tr>`;
  });
  // With their roles: a phone shows the cells one below the other, and some browsers take that for no table.
  return html`<table role="table"><caption class="unseen">${caption}</caption><tbody role="rowgroup">${rows}</tbody></table>`;
}
