import type { Ami } from '../events.ts';
import { copyable } from './copy-button.ts';
import { type Html, html, NOTHING } from './html.ts';

/** The AMIs that were made of the images: in which region each is, of which snapshot. */
export function amisSection(amis: readonly Ami[] | undefined): Html {
  if (amis === undefined || amis.length === 0) return NOTHING;
  return html`<section aria-labelledby="amis">
<h2 id="amis">Amazon AMIs</h2>
${amis.map(
  ({ region, id, snapshotId, name }) => html`<article>
<h3>${region}</h3>
<p class="note">${name}, of ${snapshotId}</p>
${copyable(id, `the id of the AMI in ${region}`)}
</article>`,
)}
</section>`;
}
