import type { BootProof, ProofCheck } from '../events.ts';
import { formatDuration } from '../ui/duration.ts';
import { type Html, html, NOTHING } from './html.ts';
import type { ReportProof } from './report-data.ts';

/** What an image's boots showed: hardware, checks, the screen, and where the console's text is. */
export function proofBlocks(format: string, proof: ReportProof | undefined): readonly Html[] {
  if (proof === undefined) return [];
  const boots = proof.record.boots.filter((boot) => boot.format === format);
  return boots.map((boot, index) => bootBlock(boot, proof, index > 0));
}

function bootBlock(boot: BootProof, { folder, pictures }: ReportProof, isAgain: boolean): Html {
  const { hardware, bootMs, outcome, cause, checks, screenshot, noScreenshot, console } = boot;
  const picture = screenshot === undefined ? undefined : pictures.get(screenshot);
  const time =
    bootMs === undefined ? NOTHING : html`<p class="note">SSH answered after ${formatDuration(bootMs)}.</p>`;
  const verdict =
    outcome === 'ok'
      ? NOTHING
      : html`<p class="failed">Failed${cause === undefined ? '' : `: ${cause}`}.</p>`;
  return html`<h4>${isAgain ? 'Booted again' : 'Booted'} on hardware like ${hardware}</h4>
${time}${verdict}
<ul class="checks">${checks.map(checkItem)}</ul>
${picture === undefined ? NOTHING : screen(boot, picture)}
${noScreenshot === undefined ? NOTHING : html`<p class="note">There is no picture of its screen: ${noScreenshot}.</p>`}
${console === undefined ? NOTHING : html`<p class="note"><a href="${folder}/${console}">The console's text</a>, beside this page</p>`}`;
}

function checkItem({ check, outcome, detail }: ProofCheck): Html {
  const note = detail === undefined ? NOTHING : html` <span class="note">${detail}</span>`;
  return outcome === 'ok'
    ? html`<li>${check}${note}</li>`
    : html`<li class="${outcome}">${check}: ${outcome}${note}</li>`;
}

function screen({ file }: BootProof, picture: Uint8Array): Html {
  const data = Buffer.from(picture).toString('base64');
  return html`<details><summary>Its screen at the end<span class="unseen"> of the proof of ${file}</span></summary>
<img class="screen" src="data:image/png;base64,${data}" alt="The screen of the machine that ran ${file}, as text on a console; the console's text has it too.">
</details>`;
}
