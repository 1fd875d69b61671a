// Files come as downloads under a policy that shows nothing; what can be looked at safely is fetched and shown by us.
import { Problem } from '$/api/problem';
import type { FileRef } from '$/api/types';

const MOST = 25_000_000;

export function previewKind(file: FileRef): 'image' | 'pdf' | 'text' | undefined {
  if (file.size > MOST) return undefined;
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(file.content_type)) return 'image';
  if (file.content_type === 'application/pdf') return 'pdf';
  if (/^text\/(plain|csv|markdown)|^application\/json$/.test(file.content_type) && file.size < 1_000_000) return 'text';
  return undefined;
}

/** The bytes, under the type that was checked above and not the one the answer claims. */
export async function fileBlob(file: FileRef) {
  const response = await fetch(`/api/v1/attachments/${file.id}/content`);
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  return new Blob([await response.arrayBuffer()], { type: file.content_type });
}

/** An object address of this page; to be revoked by who asked. */
export const blobUrl = async (file: FileRef) => URL.createObjectURL(await fileBlob(file));
