console.log("hello");

export {};
