  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  roll $0x5, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testq %rsi, %rsi
  jz      label4; j label1
block1:
  movq %rsi, 0x50(%rdi)
  jmp     label2
block2:
  movl $0x3, %eax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq
block4:
  movl $0x1, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %esi, %edi
  movl (%r8, %rdi), %eax
  addl 4(%r8, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %edx, %r9d
  movl (%r8, %r9), %r9d
  movl %esi, %r10d
  movl %r9d, (%r8, %r10)
  movq $0x5, 0x50(%rdi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq $0x5, 0x50(%rdi)
  movq 0x40(%rdi), %rdi
  movl %esi, %esi
  movl %edx, (%rdi, %rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %esi
  uninit  %rax
  xorl %eax, %eax
  movq 0x40(%rdi), %rcx
  jmp     label1
block1:
  movl (%rcx, %rsi), %edx
  movl 4(%rcx, %rsi), %r8d
  leal (%rdx, %r8), %edx
  roll $0x5, %eax
  leal (%rax, %rdx), %eax
  movl (%rcx, %rax), %edx
  movl %edx, (%rcx, %rsi)
  movq $0x5, 0x50(%rdi)
  movl %eax, (%rcx, %rsi)
  subl $0x4, %esi
  testl %esi, %esi
  jnz     label2; j label3
block2:
  jmp     label1
block3:
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %r12, (%rsp)
block0:
  testq %rsi, %rsi
  jz      label3; j label1
block1:
  movq %rsi, 0x50(%rdi)
  jmp     label2
block2:
  movl $0x3, %r12d
  jmp     label4
block3:
  movl $0x1, %r12d
  jmp     label4
block4:
  movl $0x7, %esi
  call    User(userextname0)
  leaq (%r12, %rax), %rax
  movq (%rsp), %r12
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq

