// Longer work of the server, asked about until it has ended.
import { api, ask } from '$/api/client';
import type { components } from '$/api/schema.gen';

export type Job = components['schemas']['Job'];
const OVER = ['done', 'failed', 'cancelled'];
const FIRST_MS = 400;
const MOST_MS = 3000;

/** The job when it has ended, or as it stood when `signal` stopped the waiting; onstep hears how far it is. */
export async function jobEnd(id: number, onstep?: (job: Job) => void, signal?: AbortSignal): Promise<Job> {
  for (let wait = FIRST_MS; ; wait = Math.min(wait * 1.5, MOST_MS)) {
    const job = await ask(api.GET('/api/v1/jobs/{id}', { params: { path: { id } } }));
    onstep?.(job);
    if (OVER.includes(job.state) || signal?.aborted) return job;
    await new Promise((done) => setTimeout(done, wait));
  }
}
