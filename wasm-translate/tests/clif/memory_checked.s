  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r10
  movl %esi, %r11d
  uninit  %r9
  xorq %r9, %r9
  leaq 4(%r10, %r11), %r8
  cmpq 0x48(%rdi), %r11
  cmovaeq %r9, %r8
  movl (%r8), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %r8d
  movl $0x80000004, %eax
  leaq (%r8, %rax), %rcx
  uninit  %rax
  xorq %rax, %rax
  addq 0x40(%rdi), %r8
  movl $0x80000000, %edx
  leaq (%r8, %rdx), %r11
  cmpq 0x48(%rdi), %rcx
  cmovaq %rax, %r11
  movl (%r11), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

