import { basename } from 'node:path';

/** Whether a location is a URL that can be fetched, and not a path. */
export function isUrl(location: string): boolean {
  return /^https?:\/\//i.test(location) && URL.canParse(location);
}

/** A URL as it may be shown: without user and password, and without the query, where signed addresses keep theirs. */
export function shownUrl(address: string): string {
  const url = new URL(address);
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** The name of the file that a URL leads to. */
export function fileNameOfUrl(address: string): string {
  const name = basename(decodePath(new URL(address).pathname));
  return name === '' ? 'download' : name;
}

/** What to ask the server: the address without its credentials, and those as a header. `fetch` takes no others. */
export function requestFor(address: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  if (username === '' && password === '') return { url, headers: {} };
  const pair = `${decodePath(username)}:${decodePath(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
