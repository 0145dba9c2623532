import { formatBytes } from '../ui/bytes.ts';
import { copyable } from './copy-button.ts';
import { CHECKSUMS_FILE, type Signature } from '../output/manifest.ts';
import { type Html, html, NOTHING } from './html.ts';
import { proofBlocks } from './proof.ts';
import type { ReportImage, ReportProof, ReportStep } from './report-data.ts';

/** Each file: how large it is, how it was checked, its checksum, and where it goes; and how to check all of them. */
export function imagesSection(
  images: readonly ReportImage[],
  signature: Signature | undefined,
  proof: ReportProof | undefined,
): Html {
  return html`<section aria-labelledby="images">
<h2 id="images">Images</h2>
${sizes(images)}
${images.map((image) => card(image, proof))}
<h3>Check them after a copy</h3>
${signature === undefined ? NOTHING : keyOf(signature)}
<p>In the folder of the images:</p>
${signature === undefined ? NOTHING : copyable(verifyCommand(signature), 'the command that verifies the signature')}
${copyable(`sha256sum --check ${CHECKSUMS_FILE}`, 'the command that checks all files')}
</section>`;
}

/** Whose signature it is can only be known from elsewhere. */
function keyOf({ tool, key }: Signature): Html {
  const what = tool === 'gpg' ? 'fingerprint' : 'public key';
  return html`<p>The checksums are signed with ${tool}. Compare the ${what} with the one that the builder told you in another way:</p>
${copyable(key, `the ${what} of the key that signed`)}`;
}

function verifyCommand({ tool, file, key }: Signature): string {
  return tool === 'gpg'
    ? `gpg --verify ${file} ${CHECKSUMS_FILE}`
    : `minisign -Vm ${CHECKSUMS_FILE} -P ${key}`;
}

function sizes(images: readonly ReportImage[]): Html {
  const widest = Math.max(1, ...images.map(({ bytes, virtualBytes }) => Math.max(bytes, virtualBytes)));
  const percent = (bytes: number): string => `${Math.round((bytes / widest) * 10_000) / 100}%`;
  const rows = images.map(
    ({ file, bytes, virtualBytes }) =>
      html`<li><span class="name">${file}</span><svg class="track" aria-hidden="true"><rect class="disk" x="0" y="25%" width="${percent(virtualBytes)}" height="50%"/><rect class="work" x="0" y="25%" width="${percent(bytes)}" height="50%"/></svg><span class="figure"><span class="whole">${formatBytes(bytes)}</span> <span class="note whole">of ${formatBytes(virtualBytes)}</span></span></li>`,
  );
  return html`<h3>Sizes</h3>
<p class="note">Each file against the disk that a machine sees in it.</p>
<ol class="rows" role="list">${rows}</ol>`;
}

function card(image: ReportImage, proof: ReportProof | undefined): Html {
  const { file, format, target, check, sha256, imports } = image;
  const checks = ['compared with the source disk, byte for byte', ...(check === '' ? [] : [check])];
  return html`<article>
<h3>${file}</h3>
<p class="note">${format}${target === '' ? '' : `, for ${target}`}</p>
<h4>Checked</h4>
<ul class="checks">${checks.map((text) => html`<li>${text}</li>`)}</ul>
${proofBlocks(format, proof)}
<h4>SHA-256</h4>
${copyable(sha256, `the SHA-256 of ${file}`)}
${imports.map(({ platform, steps }) => html`<h4>Into ${platform}</h4>${stepList(platform, file, steps)}`)}
</article>`;
}

function stepList(platform: string, file: string, steps: readonly ReportStep[]): readonly Html[] {
  const commands = steps.filter(({ kind }) => kind === 'type').length;
  let count = 0;
  return steps.map((step) => {
    if (step.kind === 'do') return html`<p>${sentence(step.text)}</p>`;
    count += 1;
    const place = commands === 1 ? '' : ` ${count} of ${commands}`;
    return copyable(step.command, `command${place}: ${file} into ${platform}`);
  });
}

/** How to log in to a machine of these images. */
export function loginSection(login: string | undefined): Html {
  if (login === undefined) return NOTHING;
  return html`<section aria-labelledby="log-in">
<h2 id="log-in">Log in</h2>
<p>ADDRESS is the machine's own. The key is on the computer that built the images.</p>
${copyable(login, 'the command that logs in')}
</section>`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
