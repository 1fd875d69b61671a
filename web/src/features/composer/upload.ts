// Sends a file and tells how far it is; fetch() cannot tell that.
import { csrfToken } from '$/api/client';
import { Problem } from '$/api/problem';
import type { FileRef } from '$/api/types';
import { signInAgain } from '$/lib/session.svelte';

export function upload(file: File, onprogress: (percent: number) => void) {
  const request = new XMLHttpRequest();
  const done = new Promise<FileRef>((resolve, reject) => {
    const begin = () => {
      request.open('POST', `/api/v1/uploads?name=${encodeURIComponent(file.name || 'file')}`);
      request.setRequestHeader('content-type', file.type || 'application/octet-stream');
      request.setRequestHeader('x-csrf-token', csrfToken());
      request.upload.onprogress = (e) => e.lengthComputable && onprogress(Math.round((e.loaded / e.total) * 100));
      request.onerror = () => reject(new Problem(0));
      request.onload = () => {
        let body: Record<string, unknown> = {};
        try {
          body = JSON.parse(request.responseText);
        } catch {
          // an answer that is none of ours
        }
        if (request.status === 201) resolve(body as unknown as FileRef);
        else if (request.status === 401 || body.code === 'csrf') void signInAgain().then(begin);
        else reject(new Problem(request.status, body));
      };
      request.send(file);
    };
    begin();
  });
  return { done, cancel: () => request.abort() };
}
