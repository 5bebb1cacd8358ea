// A Worker that does nothing. The other Workers are compared with its cost.
export default {
  fetch() {
    return new Response("hello, world\n");
  },
};
