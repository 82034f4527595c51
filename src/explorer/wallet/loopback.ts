/** The two names of this machine, which browsers keep apart. */
export const loopbackNames = ["127.0.0.1", "localhost"];
