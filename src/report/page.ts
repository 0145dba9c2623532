import { createHash } from 'node:crypto';
import type { Manifest } from '../output/manifest.ts';
import { isProven, type ProofRecord } from '../output/proof-record.ts';
import { formatBytes } from '../ui/bytes.ts';
import { formatDuration } from '../ui/duration.ts';
import { amisSection } from './amis.ts';
import { COPY_SCRIPT } from './copy-button.ts';
import { Html, html, NOTHING } from './html.ts';
import { imagesSection, loginSection } from './images.ts';
import type { ReportData } from './report-data.ts';
import { sourcesSection } from './sources.ts';
import { STYLE } from './style.ts';
import { timelineSection } from './timeline.ts';
import { totalMs } from './total-time.ts';

/**
 * The report of a build as one HTML file that needs nothing else: no network, no other file. Its policy lets exactly
 * this style and this script run, whatever else might get into it.
 */
export function renderReport({ manifest, images, proof }: ReportData): string {
  const policy = [
    "default-src 'none'",
    `style-src '${digest(STYLE)}'`,
    `script-src '${digest(COPY_SCRIPT)}'`,
    // The pictures are in the page itself.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${manifest.name} ${manifest.version}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
${header(manifest, verdict(images.length, proof?.record))}
${navigation(manifest)}
<main>
${sourcesSection(manifest)}
${timelineSection(manifest)}
${images.length === 0 ? NOTHING : imagesSection(images, manifest.signature, proof)}
${amisSection(manifest.ami)}
${loginSection(manifest.login)}
</main>
<footer><p>Made from what stands in its folder; <code>./start.sh report</code> with that folder makes it again.</p></footer>
<p id="status" class="unseen" role="status"></p>
<script>${new Html(COPY_SCRIPT)}</script>
</body>
</html>
`.text;
}

function header(manifest: Manifest, verdictText: string): Html {
  const { name, version, builtAt, artifacts, layers = [] } = manifest;
  const bytes = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const cached = layers.filter(({ state }) => state === 'cached').length;
  return html`<header>
<p class="stamp">${version}</p>
<h1>${name}</h1>
<p class="verdict">${verdictText}</p>
<dl>
<div><dt>Total time</dt><dd>${formatDuration(totalMs(manifest))}</dd></div>
<div><dt>Images</dt><dd>${artifacts.length}, ${formatBytes(bytes)}</dd></div>
${layers.length === 0 ? NOTHING : html`<div><dt>Layers</dt><dd>${cached} of ${layers.length} cached</dd></div>`}
<div><dt>Finished</dt><dd><time datetime="${builtAt}">${dateText(builtAt)}</time></dd></div>
</dl>
</header>`;
}

/** A stamped folder is there only when every file of it was compared with the disk; a later proof may have found another. */
function verdict(imageCount: number, record: ProofRecord | undefined): string {
  const { outcome, reason } = record?.comparison ?? {};
  if (outcome === 'failed') return `Not as it was built: ${reason ?? 'a later proof found a difference'}.`;
  const isBooted = record !== undefined && isProven(record);
  const booted = isBooted ? ", and booted on hardware like its target's" : '';
  if (imageCount === 0) return 'An Amazon AMI, and no images.';
  if (imageCount === 1) return `One image, equal to the built disk byte for byte${booted}.`;
  return `${imageCount} images, each equal to the built disk byte for byte${booted}.`;
}

function navigation({ artifacts, ami, login }: Manifest): Html {
  return html`<nav aria-label="Sections"><ul role="list">
<li><a href="#sources">Built from</a></li>
<li><a href="#time">Time</a></li>
${artifacts.length === 0 ? NOTHING : html`<li><a href="#images">Images</a></li>`}
${ami === undefined || ami.length === 0 ? NOTHING : html`<li><a href="#amis">Amazon AMIs</a></li>`}
${login === undefined ? NOTHING : html`<li><a href="#log-in">Log in</a></li>`}
</ul></nav>`;
}

/** `25 Nov 2026, 21:00 UTC`; what is no date stands as it is. */
function dateText(builtAt: string): string {
  const date = new Date(builtAt);
  if (Number.isNaN(date.getTime())) return builtAt;
  const text = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return `${text.format(date)} UTC`;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
