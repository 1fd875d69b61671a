// The files of a message that is being written: those on their way and those that have arrived.
import { sentence } from '$/api/problem';
import type { FileRef } from '$/api/types';
import { t } from '$/i18n/index.svelte';
import { toast } from '$/lib/toasts.svelte';
import { upload } from './upload';

export interface Going {
  key: number;
  name: string;
  percent: number;
  cancel: () => void;
}

export function files() {
  let done = $state.raw<FileRef[]>([]);
  const going = $state<Going[]>([]);
  let next = 0;

  async function one(file: File) {
    const key = next++;
    const { done: arrives, cancel } = upload(file, (percent) => {
      const at = going.find((g) => g.key === key);
      if (at) at.percent = percent;
    });
    going.push({ key, name: file.name, percent: 0, cancel });
    try {
      const { id, name, content_type, size } = await arrives;
      done = [...done, { id, name, content_type, size }];
    } catch (error) {
      toast(t('composer.upload_failed', { name: file.name, why: sentence(error) }), { kind: 'bad', lasts: 0 });
    }
    const at = going.findIndex((g) => g.key === key);
    if (at >= 0) going.splice(at, 1);
  }
  return {
    add(list: FileList | null | undefined) {
      for (const file of list ?? []) void one(file);
    },
    set(list: FileRef[]) {
      done = list;
    },
    remove(id: number) {
      done = done.filter((f) => f.id !== id);
    },
    stop(key: number) {
      const at = going.findIndex((g) => g.key === key);
      going[at]?.cancel();
      if (at >= 0) going.splice(at, 1);
    },
    get done() {
      return done;
    },
    get going() {
      return going;
    },
    get busy() {
      return going.length > 0;
    },
  };
}
export type Files = ReturnType<typeof files>;
