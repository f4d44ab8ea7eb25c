  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  addq %rcx, %rax
  movq %rdx, %rcx
  adcq %r8, %rcx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  subq %rcx, %rax
  movq %rdx, %rcx
  sbbq %r8, %rcx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  imulq %rdx ;; implicit: %rax, %rdx
  movq %rdx, %rcx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  mulq %rdx ;; implicit: %rax, %rdx
  movq %rdx, %rcx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  addq %rdx, %rax
  setb %sil
  movzbq %sil, %rcx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  mulq %rdx ;; implicit: %rax, %rdx
  addq %rcx, %rax
  adcq $0x0, %rdx
  addq %r8, %rax
  movq %rdx, %rcx
  adcq $0x0, %rcx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq $0xfffffffffffffffa, %rax
  movq $0xfffffffffffffffd, %rcx
  movq %rbp, %rsp
  popq %rbp
  retq

