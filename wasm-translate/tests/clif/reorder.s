  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %rax
  movl %esi, %ecx
  movl (%rax, %rcx), %r11d
  addl 4(%rax, %rcx), %r11d
  movl 8(%rax, %rcx), %edx
  addl 0xc(%rax, %rcx), %edx
  leal (%r11, %rdx), %edx
  movl 0x10(%rax, %rcx), %r11d
  xorl 0x14(%rax, %rcx), %r11d
  leal (%rdx, %r11), %edx
  movl %edx, 0x40(%rax, %rcx)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rcx, %rax
  movq 0x40(%rdi), %rcx
  movl %esi, %edi
  movq %rdx, %rsi
  imull (%rcx, %rdi), %esi
  movq %rax, %r8
  movq %rdx, %r9
  movl %r8d, 4(%rcx, %rdi)
  uninit  %rdx
  xorq %rdx, %rdx
  movq %r9, %rax
  divl %r8d ;; implicit: %eax, %edx, trap=254
  movl %r9d, 8(%rcx, %rdi)
  subl %esi, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

