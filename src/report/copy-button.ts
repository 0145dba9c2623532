import { type Html, html } from './html.ts';

/**
 * A text with a button that copies it; `what` says what it is, for those who do not see it. The button is not there
 * where scripts do not run.
 */
export function copyable(text: string, what: string): Html {
  return html`<div class="copyable"><code>${text}</code><button type="button" class="copy"><span class="label">Copy</span><span class="unseen"> ${what}</span></button></div>`;
}

/** The only script of the page. A page that was opened by http:// has no clipboard: the text is selected and copied then. */
export const COPY_SCRIPT = `
document.addEventListener('click', async (event) => {
  const button = event.target.closest('button.copy');
  if (button === null) return;
  const code = button.parentElement.querySelector('code');
  const label = button.querySelector('.label');
  const status = document.getElementById('status');
  const what = button.querySelector('.unseen').textContent;
  let isCopied = true;
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    isCopied = document.execCommand('copy');
  }
  label.textContent = isCopied ? 'Copied' : 'Selected';
  status.textContent = label.textContent + what;
  setTimeout(() => { label.textContent = 'Copy'; status.textContent = ''; }, 3000);
});
`;
