// The yardstick: what a Worker costs that does nothing.
export default {
  fetch() {
    return new Response("hello, world\n");
  },
};
