import type {
  Ami,
  Artifact,
  BootProof,
  BuildFailed,
  LayerResumed,
  LayerSaved,
  PhaseFinished,
  Progress,
  TaskFinished,
  TaskPhase,
} from '../events.ts';
import { formatPercent } from './bar.ts';
import { formatBytes } from './bytes.ts';
import { formatDuration } from './duration.ts';
import { cleanText } from './text-width.ts';

// How single events read as a line, in plain progress and in the log alike.

export function phaseFinishedText({ phase, outcome, durationMs }: PhaseFinished): string {
  switch (outcome) {
    case 'done':
      return `${phase}: done in ${formatDuration(durationMs)}`;
    case 'failed':
      return `${phase}: failed after ${formatDuration(durationMs)}`;
    case 'reused':
      return `${phase}: reused (${formatDuration(durationMs)})`;
  }
}

export function progressText(event: Progress): string {
  const bytes = progressBytes(event);
  return `${event.phase}: ${cleanText(event.item)} ${formatPercent(event.fraction)}${bytes === '' ? '' : ` (${bytes})`}`;
}

/** `310 MiB of 500 MiB`, or as much of it as is known. */
export function progressBytes(progress: {
  readonly doneBytes?: number | undefined;
  readonly totalBytes?: number | undefined;
}): string {
  const { doneBytes, totalBytes } = progress;
  if (doneBytes === undefined) return '';
  return totalBytes === undefined
    ? formatBytes(doneBytes)
    : `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
}

/** Who speaks of a task, when an AMI is provisioned beside the local images. */
export function taskSpeaker(phase: TaskPhase): string {
  return phase === 'provision' ? 'ansible' : 'ami ansible';
}

export function taskFinishedText({ phase, task, outcome, durationMs }: TaskFinished): string {
  return `${taskSpeaker(phase)}: ${outcome}: ${cleanText(task)} (${formatDuration(durationMs)})`;
}

export function artifactText({ format, file, bytes }: Artifact): string {
  return `made ${cleanText(file)} (${cleanText(format)}, ${formatBytes(bytes)})`;
}

export function amiText({ id, name, region, snapshotId }: Ami): string {
  return `made ${cleanText(id)} (${cleanText(name)}) in ${cleanText(region)}, snapshot ${cleanText(snapshotId)}`;
}

/** `vdi on hardware like VirtualBox: …: 7 checks ok (52 s)`, or what was wrong. */
export function provenText({ format, hardware, outcome, cause, checks, durationMs }: BootProof): string {
  const failed = checks.filter((check) => check.outcome === 'failed');
  const found = failed.map(({ check, detail }) => (detail === undefined ? check : `${check}: ${detail}`));
  const verdict = outcome === 'ok' ? `${checks.length} checks ok` : `failed: ${cause ?? found.join('; ')}`;
  return `${cleanText(format)} on hardware like ${cleanText(hardware)}: ${cleanText(verdict)} (${formatDuration(durationMs)})`;
}

export function noticeText(event: { readonly level: 'info' | 'warning'; readonly text: string }): string {
  return event.level === 'warning' ? `warning: ${cleanText(event.text)}` : cleanText(event.text);
}

export function failedText({ code, message }: BuildFailed): string {
  return `failed (${code}): ${cleanText(message)}`;
}

export function layerSavedText({ layer, sizeBytes, checkpointMs }: LayerSaved): string {
  return `layer ${cleanText(layer)}: kept (${formatBytes(sizeBytes)}, ${formatDuration(checkpointMs)})`;
}

export function layerResumedText({ layer, durationMs }: LayerResumed): string {
  return `layer ${cleanText(layer)}: the machine is back after ${formatDuration(durationMs)}`;
}

export function currentText({ directory }: { readonly directory: string }): string {
  return `nothing has changed since ${cleanText(directory)}; --force builds anyway`;
}
