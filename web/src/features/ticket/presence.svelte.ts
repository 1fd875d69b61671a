// At which ticket we are writing just now; the composer says it, the line of presence tells it on.
const state = $state({ writing: 0 });

export const presence = {
  get writing() {
    return state.writing;
  },
  set writing(id: number) {
    if (state.writing !== id) state.writing = id;
  },
};
